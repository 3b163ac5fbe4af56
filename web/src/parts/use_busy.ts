// One piece of work at a time behind a button: busy while it runs, and what goes wrong becomes a notice.
import { useState } from 'preact/hooks'
import { report } from './notices.tsx'

export function useBusy(): [boolean, (work: () => Promise<void>) => Promise<void>] {
  const [busy, setBusy] = useState(false)
  const run = async (work: () => Promise<void>) => {
    setBusy(true)
    try {
      await work()
    } catch (error) {
      report(error)
    } finally {
      setBusy(false)
    }
  }
  return [busy, run]
}
