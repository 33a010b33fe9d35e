// Package bot is the adapter to Slack: the socket loop, the inbox, dispatch, and the messages,
// cards and modals. It is the only package that knows slack-go.
package bot
