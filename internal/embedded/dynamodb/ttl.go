package dynamodb

// updateTimeToLive sets the attribute. Nothing expires here, as nothing is promised to by the
// service for days.
func (s *Server) updateTimeToLive(r *request) *apiError {
	t, err := s.existingTable(r)
	if err != nil {
		return err
	}
	if !r.params.has("TimeToLiveSpecification") {
		return validationError("TimeToLiveSpecification cannot be null")
	}
	var spec params
	if err := spec.read(r.params.text("TimeToLiveSpecification")); err != nil {
		return err
	}
	enabled, attribute := spec.boolean("Enabled"), spec.string("AttributeName")
	switch {
	case spec.err != nil:
		return spec.err
	case !spec.has("AttributeName"):
		return constraintError("null", "timeToLiveSpecification.attributeName", "Member must not be null")
	case !spec.has("Enabled"):
		return constraintError("null", "timeToLiveSpecification.enabled", "Member must not be null")
	case len(attribute) < 1 || len(attribute) > 255:
		return validationError("Names of key attributes and attributes projected into an index must be between 1 and 255 characters, inclusive")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !enabled && t.ttl == "":
		return validationError("TimeToLive is already disabled")
	case t.ttl != "" && t.ttl != attribute:
		return validationError("TimeToLive is active on a different AttributeName")
	case enabled && t.ttl != "":
		return validationError("TimeToLive is already enabled")
	case enabled:
		t.ttl = attribute
	default:
		t.ttl = ""
	}
	return r.answer(map[string]any{"TimeToLiveSpecification": map[string]any{"Enabled": enabled, "AttributeName": attribute}})
}

func (s *Server) describeTimeToLive(r *request) *apiError {
	t, err := s.existingTable(r)
	if err != nil {
		return err
	}
	t.mu.Lock()
	attribute := t.ttl
	t.mu.Unlock()
	if attribute == "" {
		return r.answer(map[string]any{"TimeToLiveDescription": map[string]any{"TimeToLiveStatus": "DISABLED"}})
	}
	return r.answer(map[string]any{"TimeToLiveDescription": map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}})
}
