// A style sheet that is imported as a module.

declare module "*.css" {
  const sheet: CSSStyleSheet;
  export default sheet;
}
