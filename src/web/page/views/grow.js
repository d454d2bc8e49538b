// Makes a field as high as its text, in browsers that do not do so themselves.

/** @param {HTMLTextAreaElement} input in a form */
export function grow(input) {
  const { form } = input;
  if (CSS.supports("field-sizing", "content") || !form) return;
  // The field is low while it is measured. The form keeps its height meanwhile, because the browser would
  // scroll the list otherwise.
  form.style.blockSize = `${form.offsetHeight}px`;
  input.style.blockSize = "auto";
  input.style.blockSize = `${input.scrollHeight + input.offsetHeight - input.clientHeight}px`;
  form.style.blockSize = "";
}
