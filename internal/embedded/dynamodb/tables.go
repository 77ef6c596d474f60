package dynamodb

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	statusActive   = "ACTIVE"
	statusDeleting = "DELETING"
)

// createTable makes a table that is active at once; the service takes seconds.
func (s *Server) createTable(r *request) *apiError {
	var in createTableInput
	if err := json.Unmarshal(r.body, &in); err != nil {
		return serializationError(err.Error())
	}
	t, err := in.build()
	if err != nil {
		return err
	}
	t.created = s.opts.Clock()
	t.arn = "arn:aws:dynamodb:" + r.region + ":" + accountID + ":table/" + t.name
	t.id = s.uuid()
	if s.opts.EnforceCapacity && !t.onDemand {
		t.limits = newLimiter(t, s.opts.Clock)
	}
	s.mu.Lock()
	_, exists := s.tables[t.name]
	if !exists {
		s.tables[t.name] = t
	}
	s.mu.Unlock()
	if exists {
		return newError(typeInUse, "Table already exists: "+t.name)
	}
	return r.answer(map[string]any{"TableDescription": t.describe(statusActive)})
}

// accountID is the account that owns everything here.
const accountID = "000000000000"

func (s *Server) describeTable(r *request) *apiError {
	t, err := s.existingTable(r)
	if err != nil {
		return err
	}
	return r.answer(map[string]any{"Table": t.describe(statusActive)})
}

func (s *Server) deleteTable(r *request) *apiError {
	t, err := s.existingTable(r)
	if err != nil {
		return err
	}
	if t.protected {
		return validationError("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	s.mu.Lock()
	if s.tables[t.name] == t {
		delete(s.tables, t.name)
	}
	s.mu.Unlock()
	return r.answer(map[string]any{"TableDescription": t.describe(statusDeleting)})
}

// existingTable is the table of a control plane call, whose error names the table.
func (s *Server) existingTable(r *request) (*table, *apiError) {
	t, name := s.requestTable(&r.params)
	if r.params.err != nil {
		return nil, r.params.err
	}
	if t == nil {
		return nil, tableNotFoundError(name)
	}
	return t, nil
}

const maxListTables = 100

func (s *Server) listTables(r *request) *apiError {
	p := &r.params
	limit := p.integer("Limit", maxListTables, 1)
	after := p.string("ExclusiveStartTableName")
	if p.err == nil && limit > maxListTables {
		p.err = constraintError(fmt.Sprintf("'%d'", limit), "limit", "Member must have value less than or equal to 100")
	}
	if p.err == nil && p.has("ExclusiveStartTableName") {
		p.err = checkTableName(after)
	}
	if p.err != nil {
		return p.err
	}
	names := s.tableNames()
	names = slices.DeleteFunc(names, func(n string) bool { return n <= after })
	answer := map[string]any{}
	if int64(len(names)) > limit {
		names = names[:limit]
		answer["LastEvaluatedTableName"] = names[limit-1]
	}
	answer["TableNames"] = names
	return r.answer(answer)
}

// tableNames answers the names of all tables in order.
func (s *Server) tableNames() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(s.tables))
	for name := range s.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// answer writes a value of the control plane.
func (r *request) answer(v any) *apiError {
	out, err := json.Marshal(v)
	if err != nil {
		return &apiError{status: 500, typ: typeInternal, message: "encode the answer: " + err.Error()}
	}
	r.out = append(r.out, out...)
	return nil
}

func epochSeconds(t time.Time) json.Number {
	ms := t.UnixMilli()
	return json.Number(fmt.Sprintf("%d.%03d", ms/1000, ms%1000))
}

func (s *Server) uuid() string {
	var b [16]byte
	s.randMu.Lock()
	for i := range b {
		b[i] = byte(s.ids.Uint32())
	}
	s.randMu.Unlock()
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func bracketed(names []string) string { return "[" + strings.Join(names, ", ") + "]" }
