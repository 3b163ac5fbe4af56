import { useEffect, useState } from 'preact/hooks'
import { same } from '../../lib/dotted.ts'

interface Props<T> { label: string; value: T; show: (value: T) => string; read: (text: string) => T; onChange: (value: T) => void; placeholder?: string }

/** A line of text that stands for a value; what is typed stays as typed while it means the same. */
export function TypedInput<T>({ label, value, show, read, onChange, placeholder }: Props<T>) {
  const [text, setText] = useState(show(value))
  useEffect(() => {
    if (!same(read(text), value)) setText(show(value))
  }, [show(value)])
  return (
    <input class="grow" aria-label={label} placeholder={placeholder} value={text}
      onInput={event => {
        setText(event.currentTarget.value)
        onChange(read(event.currentTarget.value))
      }} />
  )
}
