import type { Publication } from './publication.js'

/** The signals that publications can be given up by. However many share one, it gets one listener, while there are any. */
export class Signals {
  readonly #onAbort: (publication: Publication) => void
  readonly #watched = new Map<AbortSignal, { readonly listener: () => void; readonly publications: Set<Publication> }>()

  constructor(onAbort: (publication: Publication) => void) {
    this.#onAbort = onAbort
  }

  watch(publication: Publication): void {
    const { signal } = publication
    if (signal === undefined) return
    const known = this.#watched.get(signal)
    if (known !== undefined) {
      known.publications.add(publication)
      return
    }
    const publications = new Set([publication])
    const listener = (): void => {
      for (const each of publications) this.#onAbort(each)
    }
    signal.addEventListener('abort', listener, { once: true })
    this.#watched.set(signal, { listener, publications })
  }

  forget(publication: Publication): void {
    const { signal } = publication
    const watched = signal === undefined ? undefined : this.#watched.get(signal)
    if (signal === undefined || watched === undefined) return
    watched.publications.delete(publication)
    if (watched.publications.size > 0) return
    signal.removeEventListener('abort', watched.listener)
    this.#watched.delete(signal)
  }
}
