// The emoji names that the page draws; a name that is not here stays as it was written.

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎
warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|rotating_light 🚨|exclamation ❗|question ❓
grey_exclamation ❕|grey_question ❔|information_source ℹ️|bulb 💡|bell 🔔|no_bell 🔕|lock 🔒|unlock 🔓
key 🔑|old_key 🗝️|closed_lock_with_key 🔐|shield 🛡️|hourglass ⌛|hourglass_flowing_sand ⏳|watch ⌚|alarm_clock ⏰
stopwatch ⏱️|timer_clock ⏲️|calendar 📆|date 📅|clock1 🕐|clock3 🕒|clock6 🕕|clock9 🕘|clock12 🕛
arrows_counterclockwise 🔄|arrows_clockwise 🔃|repeat 🔁|leftwards_arrow_with_hook ↩️|arrow_right ➡️|arrow_left ⬅️
arrow_up ⬆️|arrow_down ⬇️|arrow_forward ▶️|double_vertical_bar ⏸️|pause_button ⏸️|black_square_for_stop ⏹️|stop_button ⏹️
fast_forward ⏩|rewind ⏪|red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢
large_blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_red_square 🟥
large_yellow_square 🟨|white_large_square ⬜|black_large_square ⬛|small_blue_diamond 🔹|small_orange_diamond 🔸
rocket 🚀|hammer 🔨|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️|construction 🚧|broom 🧹|wastebasket 🗑️|recycle ♻️|package 📦
computer 💻|desktop_computer 🖥️|floppy_disk 💾|cd 💿|satellite 🛰️|satellite_antenna 📡|globe_with_meridians 🌐|cloud ☁️
electric_plug 🔌|battery 🔋|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|mag 🔍|mag_right 🔎|label 🏷️
memo 📝|pencil ✏️|pencil2 ✏️|page_facing_up 📄|clipboard 📋|scroll 📜|books 📚|book 📖|bar_chart 📊|chart_with_upwards_trend 📈
chart_with_downwards_trend 📉|moneybag 💰|receipt 🧾|bust_in_silhouette 👤|busts_in_silhouette 👥|wave 👋|thumbsup 👍|\\+1 👍
thumbsdown 👎|-1 👎|ok_hand 👌|pray 🙏|clap 👏|raised_hand ✋|eyes 👀|point_right 👉|point_up ☝️|point_down 👇|muscle 💪|tada 🎉
sparkles ✨|star ⭐|fire 🔥|boom 💥|zap ⚡|snowflake ❄️|ice_cube 🧊|sleeping 😴|zzz 💤|robot_face 🤖|ghost 👻
smile 😄|slightly_smiling_face 🙂|wink 😉|thinking_face 🤔|cry 😢|sweat_smile 😅|see_no_evil 🙈|heart ❤️
speech_balloon 💬|envelope ✉️|email 📧|inbox_tray 📥|outbox_tray 📤|new 🆕|up 🆙|free 🆓|ok 🆗|sos 🆘|end 🔚|100 💯
sunny ☀️|crescent_moon 🌙|house 🏠|office 🏢|door 🚪|seedling 🌱|whale 🐳|penguin 🐧|dart 🎯|checkered_flag 🏁|triangular_flag_on_post 🚩
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|heavy_plus_sign ➕|heavy_minus_sign ➖|white_medium_square ◻️|black_medium_square ◼️
`;

const EMOJI = new Map();
for (const entry of TABLE.trim().split(/[|\n]/)) {
  const [name, drawn] = entry.trim().split(" ");
  EMOJI.set(name.replace("\\", ""), drawn);
}

// emoji answers what a name is drawn as, or undefined. Skin tones are left out.
export function emoji(name) {
  return EMOJI.get(name.replace(/::skin-tone-[2-6]$/, ""));
}

// fromCodepoints draws the "unicode" field of a rich_text emoji, "1f600-200d-2640" in hex.
export function fromCodepoints(hex) {
  const points = String(hex ?? "").split("-").map((part) => Number.parseInt(part, 16));
  if (!points.length || points.some((point) => !(point > 0 && point <= 0x10ffff))) return undefined;
  return String.fromCodePoint(...points);
}
