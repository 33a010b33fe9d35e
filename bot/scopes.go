package bot

// Scopes are the bot token's scopes that the manifest asks for: exactly those that the bot uses.
func Scopes() []string {
	var names []string
	for _, s := range scopes {
		names = append(names, s.name)
	}
	return names
}
