// Setting up an empty server, signing up, signing in and signing out.

import { test } from "node:test";
import assert from "node:assert/strict";
import {
  api,
  account,
  enters,
  isAccessible,
  newPage,
  newTab,
  PASSWORD,
  picture,
  says,
  SERVER,
} from "./support.js";

test("one form sets up an empty server and opens its first room", async () => {
  const page = await newPage({ expects: /status of 422/ });
  await page.goto("/");
  await page.getByRole("heading", { name: "Welcome to chatapp" }).waitFor();
  await picture(page, "first-run");
  await isAccessible(page, "first run");

  // The error of a field is shown at the field.
  await page.getByLabel("Username").fill("a");
  await page.getByLabel("Email").fill("ann@example.com");
  await page.getByLabel("Password").fill("password");
  await page.getByRole("button", { name: "Start the chat" }).click();
  const refusal = page.locator(".field", { hasText: "Username" }).locator(".field-error");
  await refusal.filter({ hasText: "2 to 32" }).waitFor();
  assert.equal(await page.getByLabel("Username").getAttribute("aria-invalid"), "true");

  await page.getByLabel("Username").fill("ann");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Start the chat" }).click();
  await page.getByRole("heading", { level: 1, name: "general" }).waitFor();
  await says(page, "The first words");
  await page.reload();
  await page.getByText("The first words").waitFor();
  const { needs_admin, allowed_here } = await api("GET", "/auth/setup");
  assert.deepEqual([needs_admin, allowed_here], [false, true]);
  await page.context().close();
});

test("users sign up and sign in, and errors are explained", async () => {
  const page = await newPage({ expects: /status of 4\d\d/ });
  await page.goto("/");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await isAccessible(page, "signing in");
  await page.getByLabel("Username").fill("ann");
  await page.getByLabel("Password").fill("not her password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The username, the email or the password is wrong.").waitFor();

  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("Username").fill("bö");
  await page.getByLabel("Email").fill("bo@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByText("characters of a-z, A-Z, 0-9, “_”, “.” and “-”.").waitFor();
  await page.getByLabel("Username").fill("ann");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page
    .locator(".field", { hasText: "Username" })
    .getByText("This username is taken.")
    .waitFor();
  await page.getByLabel("Username").fill("bo");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByText("The first words").waitFor();
  await page.context().close();
});

test("signing out ends the session in every tab and on the server", async () => {
  await account("cleo");
  const page = await enters("cleo");
  const tab = await newTab(page);
  await tab.goto("/");
  await tab.locator("chat-shell").waitFor();
  const token = await page.evaluate(
    () => JSON.parse(localStorage.getItem("chatapp.session")).token,
  );
  await page.getByRole("button", { name: "Account and settings" }).click();
  // The page is signed out without waiting for the server.
  const ended = page.waitForResponse((response) => response.url().endsWith("/auth/logout"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await ended;
  await tab.getByRole("heading", { name: "Sign in" }).waitFor();
  const answer = await fetch(`${SERVER}/auth/me`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 401);
  assert.equal(
    await page.evaluate(() => JSON.stringify(localStorage)),
    JSON.stringify({ "chatapp.last-room": "1" }),
  );
  await page.context().close();
});

test("a session that an admin ends is over in the page, and the page says so", async () => {
  const token = await account("dag");
  const page = await enters("dag", { expects: /status of 401/ });
  await page.getByText("The first words").waitFor();
  await api("POST", "/auth/logout", undefined, token);
  // The session of another login: the page stays signed in.
  await page.getByText("The first words").waitFor();
  const own = await page.evaluate(() => JSON.parse(localStorage.getItem("chatapp.session")).token);
  await api("POST", "/auth/logout", undefined, own);
  await page.getByText("Sign in again to go on.").waitFor();
  await page.context().close();
});

test("the page says that a server does not answer", async () => {
  const page = await newPage({ expects: /ERR_|Failed to load/ });
  await page.goto("/");
  await page.getByLabel("Username").fill("ann");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The server cannot be reached.").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The first words").waitFor();
  await page.context().close();
});
