// Fields as high as what is written in them, in browsers that do not do so themselves.

/** @param {HTMLTextAreaElement} input in a form */
export function grow(input) {
  const { form } = input;
  if (CSS.supports("field-sizing", "content") || !form) return;
  // While it is measured the field is low. What is round it must not move then: the list would be
  // scrolled by the browser.
  form.style.blockSize = `${form.offsetHeight}px`;
  input.style.blockSize = "auto";
  input.style.blockSize = `${input.scrollHeight + input.offsetHeight - input.clientHeight}px`;
  form.style.blockSize = "";
}
