// Comparison: of two means with their intervals, as bench.stats.ratio and bench.stats.welch have it.
function logGamma(x) { // Lanczos, to 15 digits for x > 0
  const terms = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x + 6.5;
  const sum = terms.reduce((total, term, at) => total + (at ? term / (x - 1 + at) : term), 0);
  return Math.log(2 * Math.PI) / 2 + (x - 0.5) * Math.log(shifted) - shifted + Math.log(sum);
}
function betaFraction(x, a, b) { // the continued fraction of the incomplete beta function, by Lentz's method
  let [c, d, value] = [1, 1 / (1 - (a + b) * x / (a + 1)), 1 / (1 - (a + b) * x / (a + 1))];
  for (let m = 1; m < 400; m += 1) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const step of [even, odd]) {
      d = 1 / (1 + step * d);
      c = 1 + step / c;
      value *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}
function incompleteBeta(x, a, b) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * betaFraction(x, a, b) / a : 1 - front * betaFraction(1 - x, b, a) / b;
}
const quantiles = new Map();
function studentQuantile(freedom) { // of Student's t at 0.975, found by halving
  if (!quantiles.has(freedom)) {
    const beyond = (t) => incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
    let [low, high] = [0, 1];
    while (beyond(high) > 0.025) high *= 2;
    for (let turn = 0; turn < 80; turn += 1) {
      const middle = (low + high) / 2;
      if (beyond(middle) > 0.025) low = middle; else high = middle;
    }
    quantiles.set(freedom, (low + high) / 2);
  }
  return quantiles.get(freedom);
}
// Half the 95 % interval of a weighted sum of independent means: Welch's, from each one's [weight, error, n].
function welchHalf(parts) {
  const squares = parts.map(([weight, error]) => (weight * error) ** 2);
  const spread = squares.reduce((sum, square) => sum + square, 0);
  const terms = parts.reduce((sum, [, , n], at) => sum + (squares[at] ? squares[at] ** 2 / (n - 1) : 0), 0);
  return spread ? studentQuantile(spread ** 2 / terms) * Math.sqrt(spread) : 0;
}
// The standard error behind a 95 % interval, on the scale that `of` takes a value to; undefined without an interval.
function errorOf({ low, high, n }, of) {
  const known = low !== undefined && high !== undefined && n > 1 && Number.isFinite(of(low)) && Number.isFinite(of(high));
  return known ? (of(high) - of(low)) / 2 / studentQuantile(n - 1) : undefined;
}
// One value over another, or less the other: { value, low, high }, the ends undefined where either has no interval.
function compared(above, below, how) {
  const [of, back] = how === "ratio" ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  const centre = of(above.value) - of(below.value);
  const errors = [above, below].map((side) => errorOf(side, of));
  const value = how === "ratio" ? above.value / below.value : centre;
  if (errors.includes(undefined)) return { value };
  const half = welchHalf([[1, errors[0], above.n], [-1, errors[1], below.n]]);
  return { value, low: back(centre - half), high: back(centre + half) };
}
// A number of the table, as it was measured or as the percentile that is chosen.
function numberOf(cell) {
  const { value, value0, low, low0, high, high0, n } = cell.dataset;
  const read = (text) => (text ? Number(text) : undefined);
  return { value: read(value0 ?? value), low: read(low0 ?? low), high: read(high0 ?? high), n: Number(n) };
}
