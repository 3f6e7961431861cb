// Numbers, as bench.text prints them.
const rounded = (value, digits) => Number(value.toPrecision(digits));
const grouped = (value, places) => // rounded first: toLocaleString rounds the shortest decimal, not the value
  Number(value.toFixed(places)).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
const power = (value) => Math.floor(Math.log10(Math.abs(value)));
function digitsOf(value, half) {
  const place = power(half) - (half / 10 ** power(half) < 2 ? 1 : 0);
  return Math.min(5, Math.max(2, (value ? power(value) : place) - place + 1));
}
function number(value, half) {
  const digits = half > 0 ? digitsOf(value, half) : 3;
  const size = half > 0 ? value : rounded(value, digits);
  const places = Math.min(digits - 1 - (size ? power(size) : 0), 9);
  return grouped(places < 0 ? rounded(value, digits) : size, Math.max(places, 0));
}
function percent(share) {
  const value = share * 100;
  return `${Math.abs(value) < 10 ? rounded(value, 2) : value.toFixed(0)}\u00a0%`;
}
const eitherWay = (share) => (share < 1 ? `± ${percent(share)}` : 1 + share > 10 ? "×/÷ more than\u00a010" : `×/÷\u00a0${number(1 + share)}`);
function seconds(value) {
  const size = Math.abs(rounded(value, 3));
  const [scale, unit] = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]].find(([least]) => size >= least) || [1e-9, "ns"];
  return size ? `${number(value * (1 / scale))}\u00a0${unit}` : "0\u00a0s";
}
