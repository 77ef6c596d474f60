package dynamodb

// converted reads a value that the plan gives a type. A list of values that are to have the type of a single one has it for each of its
// members; null stays null.
func (r *jsonReader) converted(p *plan) error {
	switch c := r.peek(); {
	case c == '[' && p.to.isSet():
		return r.set(p.to)
	case c == '[':
		return r.list(p)
	case c == 'n':
		return r.value(nil)
	case p.to.isSet():
		return r.wrongType(p.to)
	}
	t, err := r.token()
	if err != nil {
		return err
	}
	if t.text == nil {
		return r.wrongType(p.to)
	}
	r.w.convert(p.to, t)
	return nil
}

// wrongType reads over a value that cannot have the type.
func (r *jsonReader) wrongType(to conversion) error {
	t, err := r.skip()
	if err != nil {
		return err
	}
	r.w.wrongType(to, t)
	return nil
}

// set reads an array whose members become those of a set.
func (r *jsonReader) set(to conversion) error {
	r.w.openSet(to.kind)
	r.pos++
	r.blanks()
	if r.peek() == ']' {
		r.pos++
		r.w.closeSet()
		return nil
	}
	for {
		t, err := r.token()
		if err == nil && t.text == nil {
			t, err = r.skip()
		}
		if err != nil {
			return err
		}
		r.w.member(to, t, false)
		r.blanks()
		switch r.peek() {
		case ',':
			r.pos++
			r.blanks()
		case ']':
			r.pos++
			r.w.closeSet()
			return nil
		default:
			return errNotJSON
		}
	}
}

// token reads a string, number or boolean, whose text is never nil. Before any other value it reads nothing.
func (r *jsonReader) token() (token, error) {
	switch c := r.peek(); {
	case c == '"':
		raw, _, escaped, err := r.quoted()
		if err != nil {
			return token{}, err
		}
		text := raw
		if escaped {
			text = appendUnescaped(nil, raw)
		}
		return token{kindS, append([]byte{}, text...)}, nil
	case c == '-' || c >= '0' && c <= '9':
		start := r.pos
		for r.pos < len(r.in) && isNumberByte(r.in[r.pos]) {
			r.pos++
		}
		if _, ok := measureNumber(r.in[start:r.pos]); !ok {
			return token{}, errNotJSON
		}
		return token{kindN, r.in[start:r.pos]}, nil
	case c == 't' && r.word("true"):
		return token{kindBool, []byte("true")}, nil
	case c == 'f' && r.word("false"):
		return token{kindBool, []byte("false")}, nil
	}
	return token{}, nil
}

// skip reads over a value without writing it.
func (r *jsonReader) skip() (token, error) {
	before, at, rules := r.w.mark(), r.w.at, r.w.rules
	t := token{kind: kindOfJSON(r.peek())}
	r.w.rules = valueRules{} // nulls must not take the field with them
	r.w.plain = true
	err := r.value(nil)
	r.w.rules, r.w.plain = rules, rules == valueRules{}
	r.w.rewind(before)
	r.w.at = at
	return t, err
}

// kindOfJSON tells the kind of a value by the first byte of its text.
func kindOfJSON(c byte) kind {
	switch c {
	case '"':
		return kindS
	case '{':
		return kindM
	case '[':
		return kindL
	case 't', 'f':
		return kindBool
	case 'n':
		return kindNull
	}
	return kindN
}
