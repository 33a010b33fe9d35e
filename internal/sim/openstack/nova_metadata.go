package openstack

// Metadata of a server: /servers/{id}/metadata and /servers/{id}/metadata/{key}.

func (c *Cloud) showMetadata(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	return ok(s.metadataView())
}

// writable finds the server, if its metadata may be changed now.
func (c *Cloud) writable(q *call, what string) (*server, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return nil, err
	}
	if err := s.unlocked(q); err != nil {
		return nil, err
	}
	if s.vm != "active" && s.vm != "stopped" && s.vm != "paused" && s.vm != "suspended" {
		return nil, wrongState(s, what)
	}
	return s, nil
}

// setMetadata is PUT, which replaces all, and POST, which adds.
func (c *Cloud) setMetadata(q *call) (answer, error) {
	in, err := q.part("metadata")
	if err != nil {
		return answer{}, missingPart(err, "metadata")
	}
	if err := checkMetadata(in); err != nil {
		return answer{}, err
	}
	s, err := c.writable(q, "update metadata")
	if err != nil {
		return answer{}, err
	}
	next := map[string]string{}
	if q.Method == "POST" {
		for k, v := range s.metadata {
			next[k] = v
		}
	}
	for k, v := range in {
		next[k] = text(v)
	}
	if len(next) > 128 {
		return answer{}, refusal(403, "Maximum number of metadata items exceeds 128")
	}
	s.metadata, s.updated = next, q.now
	return ok(s.metadataView())
}

func (c *Cloud) showMeta(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	key := q.PathValue("key")
	v, there := s.metadata[key]
	if !there {
		return answer{}, refusal(404, "Metadata item was not found")
	}
	return ok(object{"meta": object{key: v}})
}

func (c *Cloud) setMeta(q *call) (answer, error) {
	in, err := q.part("meta")
	if err != nil {
		return answer{}, missingPart(err, "meta")
	}
	key := q.PathValue("key")
	if _, there := in[key]; !there || len(in) != 1 {
		return answer{}, refusal(400, "Request body and URI mismatch")
	}
	if err := checkMetadata(in); err != nil {
		return answer{}, err
	}
	s, err := c.writable(q, "update metadata")
	if err != nil {
		return answer{}, err
	}
	if _, there := s.metadata[key]; !there && len(s.metadata) >= 128 {
		return answer{}, refusal(403, "Maximum number of metadata items exceeds 128")
	}
	s.metadata[key], s.updated = text(in[key]), q.now
	return ok(object{"meta": in})
}

func (c *Cloud) deleteMeta(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	key := q.PathValue("key")
	if _, there := s.metadata[key]; !there {
		return answer{}, refusal(404, "Metadata item was not found")
	}
	if _, err := c.writable(q, "delete metadata"); err != nil {
		return answer{}, err
	}
	delete(s.metadata, key)
	s.updated = q.now
	return gone()
}
