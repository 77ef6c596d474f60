package fraud

// node is a JSON value on its way to the text that Jackson's JsonNode.toString
// writes for it.
type node struct {
	open  byte     // '{' or '[', or 0 for anything else
	text  []byte   // what to write, if open is 0
	names []string // of an object's members, WTF-8
	kids  []node   // members or elements
}

// appendContainer appends the compact text of an object or array that has been
// scanned before: blanks dropped, numbers normalised, of duplicate members the
// first place and the last value.
func appendContainer(dst, text []byte) ([]byte, error) {
	s := scanner{schema: &transactionSchema, in: text}
	root, err := s.node()
	if err != nil {
		return dst, err
	}
	return appendUTF8(dst, root.append(nil)), nil
}

// node reads the value at the current position. That it is well formed and not
// nested too deep has been checked.
func (s *scanner) node() (node, error) {
	switch s.peek() {
	case '{':
		return s.objectNode()
	case '[':
		n := node{open: '['}
		err := s.elements(func() error {
			kid, err := s.node()
			n.kids = append(n.kids, kid)
			return err
		})
		return n, err
	}
	var v rawValue
	if err := s.value(&v, 1); err != nil {
		return node{}, err
	}
	switch v.kind {
	case kindString:
		return node{text: appendQuoted(nil, string(v.text), false)}, nil
	case kindInfinity:
		return node{text: append(appendScalar([]byte{'"'}, &v), '"')}, nil
	case kindNull:
		return node{text: []byte("null")}, nil
	}
	return node{text: appendScalar(nil, &v)}, nil
}

// indexFrom is the number of members from which on names are looked up in a
// map, so that a record of very many members takes no longer than its length.
const indexFrom = 16

func (s *scanner) objectNode() (node, error) {
	n := node{open: '{'}
	var index map[string]int
	place := func(name string) int {
		if index != nil {
			if i, ok := index[name]; ok {
				return i
			}
			return -1
		}
		for i := range n.names {
			if n.names[i] == name {
				return i
			}
		}
		return -1
	}
	err := s.members(func(raw []byte) error {
		name := string(raw)
		kid, err := s.node()
		if err != nil {
			return err
		}
		if i := place(name); i >= 0 {
			n.kids[i] = kid
			return nil
		}
		n.names = append(n.names, name)
		n.kids = append(n.kids, kid)
		switch {
		case index != nil:
			index[name] = len(n.names) - 1
		case len(n.names) == indexFrom:
			index = make(map[string]int, 2*indexFrom)
			for i := range n.names {
				index[n.names[i]] = i
			}
		}
		return nil
	})
	return n, err
}

// append appends the compact text of n, WTF-8.
func (n *node) append(dst []byte) []byte {
	if n.open == 0 {
		return append(dst, n.text...)
	}
	dst = append(dst, n.open)
	for i := range n.kids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if n.open == '{' {
			dst = appendQuoted(dst, n.names[i], false)
			dst = append(dst, ':')
		}
		dst = n.kids[i].append(dst)
	}
	return append(dst, n.open+2) // '}' is '{'+2, ']' is '['+2
}
