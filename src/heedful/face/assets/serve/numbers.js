// Numbers as every face spells them (see spelling.py): halves go up, minus is a minus.
export const plain = (value) => {
  const size = Math.abs(value);
  const text = size.toFixed(size >= 0.095 ? 2 : 3);
  return Number(text) === 0 ? "0" : (value < 0 ? "−" : "") + text;
};
export const signed = (value) => (value > 0 && plain(value) !== "0" ? "+" : "") + plain(value);
export const even = (value) => (value < 0 && value <= -0.0005 ? "−" : "") + Math.abs(value).toFixed(3);
export const remainder = (error) => {
  if (error === 0) return "no error";
  const size = Math.abs(error);
  return `error ${size >= 0.0005 ? size.toFixed(3) : size.toExponential(0)}`;
};
// `.93`; `>.99` and `<.01` at the ends.
export const chance = (probability) => {
  if (probability >= 0.995 && probability < 1) return ">.99";
  if (probability > 0 && probability < 0.005) return "<.01";
  return probability.toFixed(2).replace(/^0/, "");
};
export const percent = (share) => {
  if (share >= 0.995 && share < 1) return ">99 %";
  if (share > 0 && share < 0.005) return "<1 %";
  return `${Math.floor(100 * share + 0.5)} %`;
};
// A difference of two probabilities, `+.12` or `−.05`.
export const shift = (change) => {
  const text = Math.abs(change).toFixed(2).replace(/^0/, "");
  return (Number(text) === 0 ? "±" : change < 0 ? "−" : "+") + text;
};
export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const count = (number, noun) =>
  `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
// A size for people; a kilobyte has 1,024 bytes. Rounded down, as what is allowed is to be.
export const bytes = (size, round = Math.floor) => {
  const units = ["bytes", "KB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(size, 1)) / 10));
  const value = size / 1024 ** power;
  return `${(round(value * 10) / 10).toLocaleString("en")} ${units[power]}`;
};
