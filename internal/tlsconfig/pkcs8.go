package tlsconfig

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// An encrypted PKCS8 key names how it was encrypted: PBES2 of RFC 8018, with a key derived by PBKDF2 and a block cipher in CBC mode. That is
// what openssl and Java write. The older PBES1 and scrypt are refused with a hint.

var (
	oidPBES2    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
)

// digests are the HMACs of PBKDF2.
var digests = map[string]func() hash.Hash{
	oidHMACSHA1.String():  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

type blockCipher struct {
	keyLength int
	make      func([]byte) (cipher.Block, error)
}

// ciphers are those of PBES2, all in CBC mode.
var ciphers = map[string]blockCipher{
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
}

// maxIterations bounds the work that a key may ask for, well above what the most cautious tools write.
const maxIterations = 2_000_000

type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	Derivation pkix.AlgorithmIdentifier
	Cipher     pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       asn1.RawValue
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// decryptPKCS8 returns the PKCS8 key inside an encrypted one. A wrong password shows as an error about the padding, or not at all: the
// caller sees it when it parses the result.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var key encryptedKey
	if err := unmarshal(der, &key); err != nil {
		return nil, err
	}
	if !key.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("encryption %s is not supported: convert the key with openssl pkcs8 -topk8 -v2 aes-256-cbc", key.Algorithm.Algorithm)
	}
	var params pbes2Params
	if err := unmarshal(key.Algorithm.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	how, ok := ciphers[params.Cipher.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("cipher %s is not supported: convert the key with openssl pkcs8 -topk8 -v2 aes-256-cbc", params.Cipher.Algorithm)
	}
	derived, err := deriveKey(params.Derivation, password, how.keyLength)
	if err != nil {
		return nil, err
	}
	block, err := how.make(derived)
	if err != nil {
		return nil, err
	}
	var iv []byte
	if err := unmarshal(params.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	size := block.BlockSize()
	if len(iv) != size || len(key.Data) == 0 || len(key.Data)%size != 0 {
		return nil, errors.New("the encrypted key is damaged")
	}
	plain := make([]byte, len(key.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, key.Data)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > size {
		return nil, errors.New("the password is wrong, or the key is damaged")
	}
	return plain[:len(plain)-padding], nil
}

func deriveKey(how pkix.AlgorithmIdentifier, password string, length int) ([]byte, error) {
	if !how.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("key derivation %s is not supported: convert the key with openssl pkcs8 -topk8 -v2 aes-256-cbc", how.Algorithm)
	}
	var params pbkdf2Params
	if err := unmarshal(how.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	if params.Salt.Tag != asn1.TagOctetString || params.Iterations < 1 || params.Iterations > maxIterations {
		return nil, errors.New("the parameters of the key's encryption are damaged")
	}
	prf := params.PRF.Algorithm
	if prf == nil {
		prf = oidHMACSHA1 // RFC 8018's default
	}
	digest, ok := digests[prf.String()]
	if !ok {
		return nil, fmt.Errorf("digest %s is not supported", prf)
	}
	return pbkdf2.Key(digest, password, params.Salt.Bytes, params.Iterations, length)
}

func unmarshal(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = errors.New("there is something after its end")
	}
	if err != nil {
		return fmt.Errorf("the encrypted key is damaged: %w", err)
	}
	return nil
}
