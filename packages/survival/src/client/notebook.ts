import { closeSync, openSync, writeSync } from 'node:fs'
import { type FactKind, lineOf } from '../ledger/fact.js'

/** Where the client under test writes down what it does. A line is in the kernel's hands before the next thing happens. */
export class Notebook {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  note(kind: FactKind, id: string, detail = ''): void {
    writeSync(this.#file, lineOf({ at: Date.now(), kind, id, detail }))
  }

  close(): void {
    closeSync(this.#file)
  }
}
