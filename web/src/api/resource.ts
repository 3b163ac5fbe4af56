// Data of one address for one part: read when the key changes, the old ones shown until the new ones are there.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export interface Resource<T> { data?: T; error?: unknown; loading: boolean; reload: () => void }

/** key: what the data depend on; null = nothing is read. `same` is what must not change for old data to stay on the screen. */
export function useResource<T>(key: string | null, read: () => Promise<T>, same: string = key ?? ''): Resource<T> {
  const [state, setState] = useState<{ same: string; data?: T; error?: unknown; loading: boolean }>({ same, loading: key !== null })
  const [turn, setTurn] = useState(0)
  const reader = useRef(read)
  reader.current = read
  useEffect(() => {
    if (key === null) return
    let current = true
    setState(old => (old.same === same ? { ...old, loading: true } : { same, loading: true }))
    reader.current().then(
      data => current && setState({ same, data, loading: false }),
      error => current && setState(old => ({ same, data: old.same === same ? old.data : undefined, error, loading: false })),
    )
    return () => {
      current = false
    }
  }, [key, turn])
  const reload = useCallback(() => setTurn(n => n + 1), [])
  return state.same === same ? { ...state, reload } : { loading: key !== null, reload }
}

/** A value that follows another one at most every so often: experiments that change all the time are read again calmly. */
export function useCalm<T>(value: T, milliseconds: number): T {
  const [calm, setCalm] = useState(value)
  const last = useRef(0)
  useEffect(() => {
    const wait = Math.max(last.current + milliseconds - Date.now(), 0)
    const timer = setTimeout(() => {
      last.current = Date.now()
      setCalm(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return calm
}

/** A value some time after it stopped changing: typing. */
export function useSettled<T>(value: T, milliseconds = 250): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}
