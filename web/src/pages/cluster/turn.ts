// A number that grows every so often while somebody looks: what nobody sees is not asked for.
import { useEffect, useState } from 'preact/hooks'

export function useTurn(milliseconds: number): number {
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && setTurn(n => n + 1), milliseconds)
    return () => clearInterval(timer)
  }, [milliseconds])
  return turn
}
