// Views in files of their own, fetched when they are first shown.
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Failure } from './states.tsx'

export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null
  return function Lazy(props: P) {
    const [, redraw] = useState(0)
    const [error, setError] = useState<unknown>(null)
    useEffect(() => {
      if (!loaded) load().then(view => ((loaded = view), redraw(n => n + 1)), setError)
    }, [])
    if (error) return <Failure error={new Error('A part of this page could not be fetched. Was the server restarted with another page? Reload.')} retry={() => location.reload()} />
    const View = loaded
    return View ? <View {...props} /> : <p class="quiet pad" aria-busy="true">Reading …</p>
  }
}
