package conditions

// items calls yield with each member (its name in quotes, and its value) of an
// object, or each item of an array, of JSON text that was checked before. Text
// that is no JSON gives false, without a panic.
func items(raw []byte, yield func(name, value []byte)) bool {
	i := space(raw, 1)
	for i < len(raw) {
		if raw[i] == '}' || raw[i] == ']' {
			return true
		}
		var name []byte
		if raw[0] == '{' {
			end := valueEnd(raw, i)
			if end < 0 || raw[i] != '"' {
				return false
			}
			name = raw[i:end]
			i = space(raw, end)
			if i >= len(raw) || raw[i] != ':' {
				return false
			}
			i = space(raw, i+1)
		}
		end := valueEnd(raw, i)
		if end <= i {
			return false
		}
		yield(name, raw[i:end])
		i = space(raw, end)
		if i < len(raw) && raw[i] == ',' {
			i = space(raw, i+1)
		}
	}
	return false
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// valueEnd gives the index after the value that begins at i, or -1.
func valueEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			if i = textEnd(b, i); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 {
				return i // after a number or word whose end is its container's
			}
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			for i < len(b) && !delimiter(b[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

func delimiter(c byte) bool {
	switch c {
	case ',', ':', '}', ']', '{', '[', '"', ' ', '\n', '\t', '\r':
		return true
	}
	return false
}

// textEnd gives the index after the string that begins at i, or -1.
func textEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}
