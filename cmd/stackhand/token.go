package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// tokenOf is what stands in a conversation for a token that somebody took outside of the chat.
var tokenOf = regexp.MustCompile(`^\{token (\S+) (\S+)\}$`)

// withTokens are the values of a form, with a new token of the cloud for each {token USER PROJECT}.
func (st *stage) withTokens(ctx context.Context, values map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(values))
	for k, v := range values {
		if m := tokenOf.FindStringSubmatch(v); m != nil {
			var err error
			if v, err = st.token(ctx, m[1], m[2]); err != nil {
				return nil, err
			}
		}
		out[k] = v
	}
	return out, nil
}

// token takes a token as `openstack token issue` does, with the passwords that the demo's people have.
func (st *stage) token(ctx context.Context, user, project string) (string, error) {
	type object = map[string]any
	path, body := "/auth/tokens", object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": object{"name": user, "password": user + "-secret", "domain": object{"id": "default"}}}},
		"scope":    object{"project": object{"name": project, "domain": object{"id": "default"}}},
	}}
	if strings.HasSuffix(st.auth, "/v2.0") {
		path, body = "/tokens", object{"auth": object{"passwordCredentials": object{"username": user, "password": user + "-secret"}, "tenantName": project}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(st.auth, "/")+path, bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("no token for %s: %w", user, err)
	}
	defer resp.Body.Close()
	var old struct {
		Access struct{ Token struct{ ID string } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&old); err != nil || resp.StatusCode >= 300 {
		return "", fmt.Errorf("no token for %s in %s: the cloud answers %s", user, project, resp.Status)
	}
	if t := resp.Header.Get("X-Subject-Token"); t != "" {
		return t, nil
	}
	return old.Access.Token.ID, nil
}
