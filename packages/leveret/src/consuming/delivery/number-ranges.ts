/**
 * A set of whole numbers that stores unbroken runs as their two ends. A million numbers in a row take as much memory as
 * one.
 *
 * Numbers may be added in any order. Adding the next higher number takes constant time.
 */
export class NumberRanges {
  /** The ends of each range, lowest range first. Two ranges never touch. */
  readonly #firsts: number[] = []
  readonly #lasts: number[] = []

  /** How many ranges there are. */
  get size(): number {
    return this.#firsts.length
  }

  has(number: number): boolean {
    const at = this.#rangeFrom(number)
    return at >= 0 && number <= (this.#lasts[at] as number)
  }

  add(number: number): void {
    const at = this.#rangeFrom(number)
    if (at >= 0 && number <= (this.#lasts[at] as number)) return
    const extendsLower = at >= 0 && this.#lasts[at] === number - 1
    const extendsHigher = this.#firsts[at + 1] === number + 1
    if (extendsLower && extendsHigher) {
      this.#lasts[at] = this.#lasts[at + 1] as number
      this.#firsts.splice(at + 1, 1)
      this.#lasts.splice(at + 1, 1)
    } else if (extendsLower) this.#lasts[at] = number
    else if (extendsHigher) this.#firsts[at + 1] = number
    else {
      this.#firsts.splice(at + 1, 0, number)
      this.#lasts.splice(at + 1, 0, number)
    }
  }

  /** Removes the lowest range, if it begins with this number. @returns its last number */
  takeFirst(number: number): number | undefined {
    if (this.#firsts[0] !== number) return undefined
    this.#firsts.shift()
    return this.#lasts.shift()
  }

  /** @returns the index of the last range that begins at this number or below; -1 when there is none */
  #rangeFrom(number: number): number {
    let low = 0
    let high = this.#firsts.length
    // Numbers in rising order take this short path.
    if (high > 0 && (this.#firsts[high - 1] as number) <= number) return high - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#firsts[middle] as number) <= number) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
