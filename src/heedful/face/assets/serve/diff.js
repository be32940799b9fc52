// Which words of two texts belong together: a longest common subsequence, then what was replaced.
const MOST = 4e6; // cells of the table; beyond, what differs counts as replaced as a whole

// Lengths of common subsequences of a[i:] and b[j:], row by row.
const lengths = (a, b) => {
  const width = b.length + 1, table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1
        : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  return (i, j) => table[i * width + j];
};
const matched = (a, b) => {
  const pairs = [];
  if (a.length * b.length > MOST) return pairs;
  const best = lengths(a, b);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (best(i + 1, j) >= best(i, j + 1)) i++;
    else j++;
  }
  return pairs;
};
// Pairs [i, j] in order; -1 stands for nothing: a word taken out, or put in. `same`: kept as it was.
export const aligned = (a, b) => {
  let head = 0, tail = 0;
  const room = Math.min(a.length, b.length);
  while (head < room && a[head] === b[head]) head++;
  while (tail < room - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const kept = Array.from({ length: head }, (_, i) => [i, i]);
  for (const [i, j] of matched(a.slice(head, a.length - tail), b.slice(head, b.length - tail))) kept.push([i + head, j + head]);
  for (let k = tail; k > 0; k--) kept.push([a.length - k, b.length - k]);
  const pairs = [];
  let i = 0, j = 0;
  for (const [nextI, nextJ] of [...kept, [a.length, b.length]]) {
    for (; i < nextI || j < nextJ;) pairs.push({ i: i < nextI ? i++ : -1, j: j < nextJ ? j++ : -1, same: false });
    if (nextI < a.length) pairs.push({ i: i++, j: j++, same: true });
  }
  return pairs;
};
