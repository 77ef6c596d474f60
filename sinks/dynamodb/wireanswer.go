package dynamodb

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
)

const (
	maxHeadBytes = 64 << 10 // of an answer
	maxInterim   = 5        // answers such as 100 Continue before the final one
)

// answerHead is what the sink has to know of an answer besides its content.
type answerHead struct {
	status    int
	requestID string
	errorType string
	date      string
	checksum  string // CRC-32 of the content in decimal; empty: none
}

// headOf takes it from an answer that net/http has read.
func headOf(r *http.Response) answerHead {
	return answerHead{
		status: r.StatusCode, requestID: r.Header.Get("X-Amzn-Requestid"), errorType: r.Header.Get("X-Amzn-Errortype"), date: r.Header.Get("Date"),
		checksum: r.Header.Get("X-Amz-Crc32"),
	}
}

// check compares the content with its checksum.
func (h *answerHead) check(content []byte) error {
	if h.checksum == "" {
		return nil
	}
	if want, err := strconv.ParseUint(h.checksum, 10, 32); err != nil || uint32(want) != crc32.ChecksumIEEE(content) {
		return errors.New("the answer does not have its checksum")
	}
	return nil
}

// answerReader reads one answer of HTTP/1.1, as RFC 9112 has it.
type answerReader struct {
	in   *bufio.Reader
	left int    // bytes that the head may still have
	long []byte // scratch for lines that do not fit in the buffer of in

	head    answerHead
	minor   byte  // of the version: '0' or '1'
	length  int64 // of the content, -1: not given
	chunked bool
	close   bool // the server closes the connection
	keep    bool // the server of version 1.0 does not
}

// readAnswer reads the final answer with its content. Reusable tells whether another one may follow on the connection.
func readAnswer(in *bufio.Reader) (head answerHead, content []byte, reusable bool, err error) {
	r := answerReader{in: in, left: maxHeadBytes}
	for range maxInterim + 1 {
		r.head, r.length, r.chunked, r.close, r.keep = answerHead{}, -1, false, false, false
		if err := r.readHead(); err != nil {
			return answerHead{}, nil, false, err
		}
		if r.head.status == http.StatusSwitchingProtocols {
			return answerHead{}, nil, false, errors.New("the server changes to another protocol")
		}
		if r.head.status >= 200 {
			content, toEnd, err := r.readContent()
			if err != nil {
				return answerHead{}, nil, false, err
			}
			return r.head, content, !toEnd && !r.close && (r.minor == '1' || r.keep), nil
		}
	}
	return answerHead{}, nil, false, errors.New("too many interim answers")
}

// readHead reads the status line and the fields up to the empty line.
func (r *answerReader) readHead() error {
	line, err := r.line()
	if err != nil {
		return err
	}
	// HTTP/1.1 200 OK
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return fmt.Errorf("the status line is %.40q", line)
	}
	r.minor = line[7]
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return fmt.Errorf("the status line is %.40q", line)
		}
		r.head.status = 10*r.head.status + int(c-'0')
	}
	if r.head.status < 100 {
		return fmt.Errorf("the status line is %.40q", line)
	}
	for {
		line, err := r.line()
		if err != nil || len(line) == 0 {
			return err
		}
		colon := bytes.IndexByte(line, ':')
		if !isField(line, colon) {
			return fmt.Errorf("a header of the answer is %.40q", line)
		}
		if err := r.field(line[:colon], bytes.Trim(line[colon+1:], " \t")); err != nil {
			return err
		}
	}
}

// isField reports whether a line is a name and a value, each of what they may be made of. A name with a blank in it, above all, may be one that
// others read differently.
func isField(line []byte, colon int) bool {
	if colon <= 0 {
		return false
	}
	for _, c := range line[:colon] {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		case strings.IndexByte("!#$%&'*+.^_`|~", c) < 0:
			return false
		}
	}
	for _, c := range line[colon+1:] {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// field takes in one field of the head.
func (r *answerReader) field(name, value []byte) error {
	is := func(other string) bool { return len(name) == len(other) && strings.EqualFold(string(name), other) }
	switch len(name) {
	case len("Date"):
		if is("Date") {
			r.head.date = string(value)
		}
	case len("Connection"):
		if is("Connection") {
			for token := range bytes.SplitSeq(value, []byte(",")) {
				token = bytes.TrimSpace(token)
				r.close = r.close || bytes.EqualFold(token, []byte("close"))
				r.keep = r.keep || bytes.EqualFold(token, []byte("keep-alive"))
			}
		}
	case len("X-Amz-Crc32"):
		if is("X-Amz-Crc32") {
			r.head.checksum = string(value)
		}
	case len("Content-Length"):
		if !is("Content-Length") {
			return nil
		}
		n, err := strconv.ParseUint(string(value), 10, 63)
		if err != nil || r.length >= 0 && r.length != int64(n) {
			return fmt.Errorf("the answer has the Content-Length %.40q", value)
		}
		r.length = int64(n)
	case len("X-Amzn-Requestid"): // and X-Amzn-Errortype
		if is("X-Amzn-Requestid") {
			r.head.requestID = string(value)
		} else if is("X-Amzn-Errortype") {
			r.head.errorType = string(value)
		}
	case len("Transfer-Encoding"):
		if !is("Transfer-Encoding") {
			return nil
		}
		if r.chunked || !bytes.EqualFold(value, []byte("chunked")) {
			return fmt.Errorf("the answer has the Transfer-Encoding %.40q", value)
		}
		r.chunked = true
	}
	return nil
}

// readContent reads what follows the head. ToEnd tells that it went up to the end of the connection.
func (r *answerReader) readContent() (content []byte, toEnd bool, err error) {
	switch {
	case r.head.status == http.StatusNoContent || r.head.status == http.StatusNotModified:
		return nil, false, nil
	case r.chunked:
		r.close = r.close || r.length >= 0 // who says both may mean two things
		if content, err = readBounded(httputil.NewChunkedReader(r.in)); err != nil {
			return nil, false, err
		}
		for {
			line, err := r.line() // of the trailer
			if err != nil {
				return nil, false, err
			}
			if len(line) == 0 {
				return content, false, nil
			}
		}
	case r.length > maxAnswerBytes:
		return nil, false, errTooLong
	case r.length > wireWriteBuffer: // no memory for what may never come
		content, err = readBounded(io.LimitReader(r.in, r.length))
		if err == nil && int64(len(content)) < r.length {
			err = io.ErrUnexpectedEOF
		}
		return content, false, err
	case r.length >= 0:
		content = make([]byte, r.length)
		if _, err := io.ReadFull(r.in, content); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, false, err
		}
		return content, false, nil
	}
	content, err = readBounded(r.in)
	return content, true, err
}

var errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswerBytes)

func readBounded(in io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(in, maxAnswerBytes+1))
	if err == nil && len(content) > maxAnswerBytes {
		err = errTooLong
	}
	return content, err
}

// line reads a line without its end. It is valid until the next one.
func (r *answerReader) line() ([]byte, error) {
	r.long = r.long[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		if r.left -= len(part); r.left < 0 {
			return nil, fmt.Errorf("the head of the answer is longer than %d bytes", maxHeadBytes)
		}
		switch {
		case err == bufio.ErrBufferFull:
			r.long = append(r.long, part...)
			continue
		case err == io.EOF && (len(part) > 0 || len(r.long) > 0):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		if len(r.long) > 0 {
			r.long = append(r.long, part...)
			part = r.long
		}
		part = part[:len(part)-1]
		return bytes.TrimSuffix(part, []byte("\r")), nil
	}
}
