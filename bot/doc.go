// Package bot speaks with Slack, and is the only one that does. What arrives over Socket
// Mode is written down, acknowledged and handed to workers, who run it as commands; what
// is shown of a job is derived from its record by a reporter, which compares it with what
// was posted and posts or edits the difference. Rates, redeliveries, lost answers and
// places where the bot may not write are its business, and nobody else's.
package bot
