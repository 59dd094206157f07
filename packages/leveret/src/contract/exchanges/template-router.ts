import { compareSpecificity, matches, wordsOf } from './routing-key.js'

/** Routing keys that are remembered; when there are more, all are forgotten. */
const MAX_REMEMBERED = 10_000

/** Finds the template of a routing key. Each key is matched once. */
export class TemplateRouter {
  readonly #templates: readonly { readonly template: string; readonly words: readonly string[] }[]
  readonly #known = new Map<string, string | undefined>()

  constructor(templates: readonly string[]) {
    this.#templates = templates
      .map((template) => ({ template, words: wordsOf(template) }))
      .sort((left, right) => compareSpecificity(left.words, right.words))
  }

  /** @returns the most specific template that the key matches; `undefined` when none does */
  templateOf(routingKey: string): string | undefined {
    if (this.#known.has(routingKey)) return this.#known.get(routingKey)
    const words = wordsOf(routingKey)
    const found = this.#templates.find((candidate) => matches(candidate.words, words))?.template
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(routingKey, found)
    return found
  }
}
