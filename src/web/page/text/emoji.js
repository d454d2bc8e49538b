// `:shortcodes:` for the emoji that people use most. Any other emoji is typed as itself.

/** @type {Record<string, string>} */
export const EMOJI = {
  smile: "😄", grin: "😁", joy: "😂", rofl: "🤣", slight_smile: "🙂", wink: "😉", blush: "😊",
  heart_eyes: "😍", kiss: "😘", yum: "😋", sunglasses: "😎", thinking: "🤔", neutral: "😐",
  rolling_eyes: "🙄", smirk: "😏", relieved: "😌", sleeping: "😴", sweat_smile: "😅",
  upside_down: "🙃", sad: "😢", sob: "😭", angry: "😠", rage: "😡", scream: "😱", flushed: "😳",
  confused: "😕", worried: "😟", open_mouth: "😮", zany: "🤪", nerd: "🤓", partying: "🥳",
  pleading: "🥺", shrug: "🤷", facepalm: "🤦", skull: "💀", ghost: "👻", robot: "🤖", poop: "💩",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", ok_hand: "👌", clap: "👏", wave: "👋",
  raised_hands: "🙌", pray: "🙏", muscle: "💪", point_up: "☝️", point_right: "👉", eyes: "👀",
  handshake: "🤝", crossed_fingers: "🤞", victory: "✌️", heart: "❤️", orange_heart: "🧡",
  green_heart: "💚", blue_heart: "💙", purple_heart: "💜", broken_heart: "💔", fire: "🔥",
  sparkles: "✨", star: "⭐", boom: "💥", tada: "🎉", rocket: "🚀", zap: "⚡", sun: "☀️",
  rainbow: "🌈", cloud: "☁️", snowflake: "❄️", check: "✅", x: "❌", warning: "⚠️",
  question: "❓", exclamation: "❗", "100": "💯", bulb: "💡", lock: "🔒", key: "🔑", bug: "🐛",
  memo: "📝", pushpin: "📌", paperclip: "📎", calendar: "📅", chart: "📈", mag: "🔍", gear: "⚙️",
  hammer: "🔨", package: "📦", gift: "🎁", bell: "🔔", hourglass: "⏳", coffee: "☕", tea: "🍵",
  beer: "🍺", beers: "🍻", wine: "🍷", pizza: "🍕", cake: "🎂", apple: "🍎", cat: "🐱", dog: "🐶",
  crab: "🦀", snake: "🐍", turtle: "🐢", whale: "🐳", unicorn: "🦄", tree: "🌳", moon: "🌙",
  earth: "🌍", house: "🏠", car: "🚗", train: "🚆", plane: "✈️", soccer: "⚽", trophy: "🏆",
  music: "🎵", guitar: "🎸", camera: "📷", phone: "📞", computer: "💻", money: "💰",
};

/** Whether a text is nothing but a few emoji, which are shown large. @param {string} text */
export function isOnlyEmoji(text) {
  return /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*\s*){1,6}$/u
    .test(text.trim());
}
