// An app on Slack's own framework. It answers a slash command with a button, the button with a
// modal, and the modal with a message, and says "ready" when it is connected. The simulated
// workspace must be good enough for it.

import bolt from "@slack/bolt";

const { App, LogLevel } = bolt;

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.WARN,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

const text = (words) => ({ type: "plain_text", text: words });

app.command("/stack", async ({ ack, command }) => {
  await ack({
    text: `You said: ${command.text}`,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: `You said: *${command.text}*` } },
      { type: "actions", elements: [{ type: "button", action_id: "open", value: "7", text: text("Open") }] },
    ],
  });
});

app.action("open", async ({ ack, body, client, action, respond }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: "modal",
      callback_id: "name",
      private_metadata: `${body.channel.id} ${action.value}`,
      title: text("A name"),
      submit: text("Take it"),
      blocks: [{ type: "input", block_id: "name", label: text("Name"), element: { type: "plain_text_input", action_id: "name" } }],
    },
  });
  await respond({ text: "The form is open.", replace_original: true });
});

app.view("name", async ({ ack, view, body, client }) => {
  const name = view.state.values.name.name.value;
  if (name.includes(" ")) {
    await ack({ response_action: "errors", errors: { name: "No spaces, please" } });
    return;
  }
  await ack();
  const [channel, value] = view.private_metadata.split(" ");
  await client.chat.postMessage({ channel, text: `<@${body.user.id}> took ${name} with ${value}` });
});

app.event("app_mention", async ({ event, say }) => {
  await say({ text: `I heard: ${event.text}`, thread_ts: event.thread_ts ?? event.ts });
});

await app.start();
console.log("ready");
