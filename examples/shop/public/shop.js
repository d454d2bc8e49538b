// Gives the chat its tokens: the shop's server makes them for the visitor who is signed in.

const chat = document.querySelector("chatapp-room");
if (chat)
  chat.tokenProvider = async () => {
    const answer = await fetch("/chat-token", { method: "POST" });
    if (!answer.ok) throw new Error(`the shop answered ${answer.status}`);
    return (await answer.json()).token;
  };
