// The width a part has on the screen, so that drawings fill it with text of constant size.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { RefObject } from 'preact'

export function useWidth<T extends Element>(first = 640): [RefObject<T | null>, number] {
  const ref = useRef<T>(null)
  const [width, setWidth] = useState(first)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(entries => setWidth(Math.max(Math.floor(entries[0].contentRect.width), 80)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, width]
}
