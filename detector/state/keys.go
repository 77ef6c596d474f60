package state

import (
	"encoding/binary"

	"sluice/internal/fraud"
)

// The kinds of keys, see the package comment.
const (
	metaKind      = 'm'
	shardKind     = 'p'
	chunkKind     = 'T'
	flagsKind     = 'f'
	flagLogKind   = 'F'
	accountedKind = 'A'
)

var metaKey = []byte{metaKind}

func appendInt32(dst []byte, n int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(n)) }

// appendSigned appends a number such that its bytes order as it does.
func appendSigned(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n)^1<<63)
}

func signed(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

func shardKey(partition int32) []byte { return appendInt32([]byte{shardKind}, partition) }

func flagsKey(partition int32) []byte { return appendInt32([]byte{flagsKind}, partition) }

// appendChunkKey appends the key of a chunk whose first row has that offset.
func appendChunkKey(dst []byte, partition int32, account, offset int64) []byte {
	dst = appendInt32(append(dst, chunkKind), partition)
	return appendSigned(appendSigned(dst, account), offset)
}

const chunkKeySize = 1 + 4 + 8 + 8

// chunkOffset is the offset in the key of a chunk.
func chunkOffset(key []byte) (int64, bool) {
	if len(key) != chunkKeySize {
		return 0, false
	}
	return signed(key[13:]), true
}

func appendFlagLogKey(dst []byte, partition int32, offset int64) []byte {
	return appendSigned(appendInt32(append(dst, flagLogKind), partition), offset)
}

func appendAccountedKey(dst []byte, account int64, date fraud.Timestamp, partition int32, offset int64) []byte {
	dst = appendSigned(append(dst, accountedKind), account)
	dst = appendInt32(appendSigned(dst, int64(date)), partition)
	return appendSigned(dst, offset)
}

const accountedKeySize = 1 + 8 + 8 + 4 + 8

// accountedFlag reads the key of a flag.
func accountedFlag(key []byte) (account int64, f storedFlag, ok bool) {
	if len(key) != accountedKeySize {
		return 0, storedFlag{}, false
	}
	return signed(key[1:]), storedFlag{
		date:      fraud.Timestamp(signed(key[9:])),
		partition: int32(binary.BigEndian.Uint32(key[17:])),
		offset:    signed(key[21:]),
	}, true
}

// after is the first key behind all that begin with prefix, which does not end in 0xFF: kinds are letters.
func after(kind byte) []byte { return []byte{kind + 1} }
