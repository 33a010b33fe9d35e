package cloud

// SetAdminAddress puts an identity service for administrators into the catalogue of a client.
func SetAdminAddress(c *Client, u string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grant.catalog = append(catalog{{"identity", c.site.entry.Region, "admin", u}}, c.grant.catalog...)
}
