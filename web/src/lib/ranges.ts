// Selections of trials in an address: "1-40,45,47".
export function rangeText(numbers: Iterable<number>): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length; ) {
    let j = i
    while (j + 1 < sorted.length && sorted[j + 1] === sorted[j] + 1) j++
    parts.push(j > i + 1 ? `${sorted[i]}-${sorted[j]}` : sorted.slice(i, j + 1).join(','))
    i = j + 1
  }
  return parts.join(',')
}

/** Parts that are no numbers are left out; at most `most` numbers. */
export function rangeNumbers(text: string, most = 100_000): number[] {
  const result: number[] = []
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim())
    if (!match) continue
    const low = Number(match[1]), high = Number(match[2] ?? match[1])
    for (let v = low; v <= high && result.length < most; v++) result.push(v)
  }
  return result
}

export type Brush = Record<number, [number, number]>  // axis -> the part of it that is kept, 0 to 1

/** "0:0.1-0.45,2:0.5-1" */
export const brushText = (brush: Brush): string => Object.entries(brush).map(([axis, [low, high]]) => `${axis}:${Number(low.toFixed(3))}-${Number(high.toFixed(3))}`).join(',')

export function brushFrom(text: string): Brush {
  const brush: Brush = {}
  for (const part of text.split(',')) {
    const match = /^(\d+):([\d.]+)-([\d.]+)$/.exec(part)
    if (match && Number(match[2]) <= Number(match[3])) brush[Number(match[1])] = [Number(match[2]), Number(match[3])]
  }
  return brush
}
