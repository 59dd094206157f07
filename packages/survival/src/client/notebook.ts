import { closeSync, openSync, writeSync } from 'node:fs'
import { type FactKind, lineOf } from '../ledger/fact.js'

/** Writes down what the client under test does. Each line is handed to the kernel before the next step. */
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
