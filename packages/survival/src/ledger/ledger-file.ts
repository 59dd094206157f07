import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { type Fact, type FactKind, factOf, lineOf } from './fact.js'
import { Ledger } from './ledger.js'

const CHUNK_BYTES = 1 << 20

/** A ledger on disk, written by several processes. Each line reaches the kernel before the step that it announces. */
export class LedgerFile {
  readonly path: string
  readonly ledger = new Ledger()
  readonly #file: number
  readonly #decoder = new StringDecoder('utf8')
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  #offset = 0
  #rest = ''

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'a+')
  }

  /** Writes a fact of this process. */
  note(kind: FactKind, id: string, detail = ''): void {
    writeSync(this.#file, lineOf({ at: Date.now(), kind, id, detail }))
  }

  /** Enters the facts that were written since the last call. */
  read(): Ledger {
    for (;;) {
      const bytes = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, this.#offset)
      if (bytes === 0) return this.ledger
      this.#offset += bytes
      this.ledger.enter(this.#factsIn(this.#decoder.write(this.#chunk.subarray(0, bytes))))
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  *#factsIn(text: string): Generator<Fact> {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) yield factOf(line)
  }
}
