// The emoji whose short names are known without the table (emoji.js).

/** The short names that are known at once: what people and programs write most, and some that are shorter. */
export const USUAL = new Map(
  `
  smile 😄, grin 😁, joy 😂, rofl 🤣, slight_smile 🙂, slightly_smiling_face 🙂, wink 😉, blush 😊,
  heart_eyes 😍, kissing_heart 😘, yum 😋, sunglasses 😎, thinking 🤔, neutral 😐, rolling_eyes 🙄,
  smirk 😏, relieved 😌, sleeping 😴, sweat_smile 😅, upside_down 🙃, sad 😢, cry 😢, sob 😭, angry 😠,
  rage 😡, scream 😱, flushed 😳, confused 😕, worried 😟, open_mouth 😮, zany 🤪, nerd 🤓, partying 🥳,
  pleading 🥺, shrug 🤷, facepalm 🤦, skull 💀, ghost 👻, robot 🤖, poop 💩, thumbsup 👍, +1 👍,
  thumbsdown 👎, -1 👎, ok_hand 👌, clap 👏, wave 👋, raised_hands 🙌, pray 🙏, muscle 💪, point_up ☝️,
  point_right 👉, point_down 👇, eyes 👀, handshake 🤝, crossed_fingers 🤞, victory ✌️, v ✌️, heart ❤️,
  orange_heart 🧡, green_heart 💚, blue_heart 💙, purple_heart 💜, broken_heart 💔, fire 🔥, sparkles ✨,
  star ⭐, boom 💥, tada 🎉, rocket 🚀, zap ⚡, sun ☀️, sunny ☀️, rainbow 🌈, cloud ☁️, snowflake ❄️,
  check ✅, white_check_mark ✅, heavy_check_mark ✔️, x ❌, warning ⚠️, rotating_light 🚨, no_entry ⛔,
  question ❓, exclamation ❗, red_circle 🔴, large_blue_circle 🔵, 100 💯, bulb 💡, lock 🔒, key 🔑,
  bug 🐛, memo 📝, pushpin 📌, paperclip 📎, date 📅, chart_with_upwards_trend 📈, mag 🔍, gear ⚙️,
  wrench 🔧, hammer 🔨, package 📦, gift 🎁, bell 🔔, hourglass ⌛, coffee ☕, tea 🍵, beer 🍺, beers 🍻,
  wine_glass 🍷, pizza 🍕, birthday 🎂, cake 🍰, apple 🍎, cat 🐱, dog 🐶, crab 🦀, snake 🐍, turtle 🐢,
  whale 🐳, unicorn 🦄, house 🏠, car 🚗, soccer ⚽, trophy 🏆, guitar 🎸, camera 📷, computer 💻, link 🔗,
  construction 🚧, recycle ♻️, arrow_up ⬆️, arrow_down ⬇️, arrow_right ➡️
`
    .trim()
    .split(/,\s+/)
    .map((pair) => /** @type {[string, string]} */ (pair.split(" "))),
);
