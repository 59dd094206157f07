import { type DenseItem, DenseSet } from '../collections/dense-set.js'

interface Callback extends DenseItem {
  readonly call: () => void
}

interface Watched {
  readonly callbacks: DenseSet<Callback>
  readonly listener: () => void
}

const watched = new WeakMap<AbortSignal, Watched>()

/**
 * Calls back once when the signal is aborted, and never if it already is. All callbacks of one signal share one
 * listener, which is removed with the last of them.
 *
 * @returns a function that removes the callback
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, listener } = watched.get(signal) ?? watch(signal)
  const entry: Callback = { call: callback, setIndex: undefined }
  callbacks.add(entry)
  return () => {
    if (!callbacks.delete(entry) || callbacks.size > 0 || watched.get(signal)?.callbacks !== callbacks) return
    signal.removeEventListener('abort', listener)
    watched.delete(signal)
  }
}

function watch(signal: AbortSignal): Watched {
  const callbacks = new DenseSet<Callback>()
  const listener = (): void => {
    watched.delete(signal)
    for (const { call } of callbacks) call()
  }
  const made = { callbacks, listener }
  watched.set(signal, made)
  signal.addEventListener('abort', listener, { once: true })
  return made
}
