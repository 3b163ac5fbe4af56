// Time of attempts that came to nothing, by cause.
interface Attempts { workers: { attempts: { begin_seconds: number; end_seconds: number; outcome: string }[] }[] }

const wasted = new Set(['failed', 'lost'])  // a preempted attempt saved its state

export function lostByCause(timeline: Attempts): { cause: string; seconds: number; attempts: number }[] {
  const found = new Map<string, { cause: string; seconds: number; attempts: number }>()
  for (const worker of timeline.workers)
    for (const one of worker.attempts) {
      if (!wasted.has(one.outcome)) continue
      const sum = found.get(one.outcome) ?? { cause: one.outcome, seconds: 0, attempts: 0 }
      sum.seconds += one.end_seconds - one.begin_seconds
      sum.attempts++
      found.set(one.outcome, sum)
    }
  return [...found.values()].sort((a, b) => b.seconds - a.seconds)
}
