package openstack

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzBodies sends any body anywhere: nothing may panic, answer 500, or take the lock along.
func FuzzBodies(f *testing.F) {
	c := New(Options{})
	u := c.identity.userNamed("alice")
	tok := c.issue(u, u.home, nil, nil, c.opt.Now())
	send := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("X-Auth-Token", tok.id)
		r.Header.Set("OpenStack-API-Version", "compute latest")
		r.Header.Set("Content-Type", "application/openstack-images-v2.1-json-patch")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		return w
	}
	post := func(path, body string) string {
		w := send("POST", path, body)
		_, rest, _ := strings.Cut(w.Body.String(), `"id":"`)
		id, _, found := strings.Cut(rest, `"`)
		if !found {
			f.Fatalf("%s: %s", path, w.Body)
		}
		return id
	}
	net := post(neutron+"/networks", `{"network":{"name":"n"}}`)
	router := post(neutron+"/routers", `{"router":{"name":"r"}}`)
	image := post("/image/v2/images", `{"name":"i"}`)
	server := post(nova+"/servers", `{"server":{"name":"s","flavorRef":"2","imageRef":"`+c.imageIDs[0]+`","networks":"none"}}`)
	calls := [][2]string{{"POST", v3 + "/auth/tokens"}, {"POST", v3 + "/users/" + u.id + "/application_credentials"}, {"POST", "/identity/v2.0/tokens"},
		{"POST", nova + "/servers"}, {"PUT", nova + "/servers/" + server}, {"POST", nova + "/servers/" + server + "/action"},
		{"POST", nova + "/servers/" + server + "/os-interface"}, {"PUT", nova + "/servers/" + server + "/metadata"}, {"POST", nova + "/os-keypairs"},
		{"POST", neutron + "/networks"}, {"PUT", neutron + "/networks/" + net}, {"PUT", neutron + "/networks/" + net + "/tags"}, {"POST", neutron + "/subnets"},
		{"POST", neutron + "/ports"}, {"POST", neutron + "/routers"}, {"PUT", neutron + "/routers/" + router},
		{"PUT", neutron + "/routers/" + router + "/add_router_interface"}, {"POST", neutron + "/floatingips"}, {"POST", neutron + "/security-groups"},
		{"POST", neutron + "/security-group-rules"}, {"POST", "/image/v2/images"}, {"PATCH", "/image/v2/images/" + image}}
	for i, body := range []string{`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":5}}},"scope":[]}}`,
		`{"application_credential":{"name":"x","roles":[5],"expires_at":"2030-01-01"}}`, `{"auth":{"token":5,"tenantId":[]}}`,
		`{"server":{"name":"x","flavorRef":2,"imageRef":"` + c.imageIDs[0] + `","networks":[{"uuid":"` + net + `"}],"metadata":{"a":null}}}`,
		`{"server":{"name":"x","accessIPv4":5}}`, `{"resize":{"flavorRef":3}}`, `{"interfaceAttachment":{"net_id":"` + net + `","fixed_ips":[5]}}`,
		`{"metadata":{"a":[]}}`, `{"keypair":{"name":"x","public_key":"ssh-rsa AAAA"}}`, `{"networks":[5,{"name":null}]}`, `{"network":{"mtu":70}}`,
		`{"tags":["a",null]}`, `{"subnet":{"network_id":"` + net + `","ip_version":6,"cidr":"::/126","gateway_ip":"10.0.0.1","allocation_pools":[5]}}`,
		`{"port":{"network_id":"` + net + `","fixed_ips":[{}],"security_groups":null}}`, `{"router":{"external_gateway_info":{"external_fixed_ips":5}}}`,
		`{"router":{"external_gateway_info":null,"routes":5}}`, `{"subnet_id":5,"port_id":[]}`, `{"floatingip":{"floating_network_id":"` + net + `","port_id":""}}`,
		`{"security_group":{"stateful":"x"}}`, `{"security_group_rule":{"security_group_id":"` + net + `","direction":"ingress","protocol":{}}}`,
		`{"name":null,"visibility":null}`, `[{"op":"add","path":"/tags","value":[5]}]`} {
		f.Add(uint(i), body)
	}
	f.Fuzz(func(t *testing.T, which uint, body string) {
		call := calls[which%uint(len(calls))]
		if w := send(call[0], call[1], body); w.Code >= 500 {
			t.Errorf("%s %s %q: %d %s", call[0], call[1], body, w.Code, w.Body)
		}
	})
}
