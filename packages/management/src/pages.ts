/** A part of a list to ask for. */
export interface PageOptions {
  /** The number of the page, from 1. @defaultValue 1 */
  readonly page?: number | undefined
  /** How many entries a page has, from 1 to 500. @defaultValue 100 */
  readonly pageSize?: number | undefined
  /** A regular expression that matches some part of the names. @defaultValue all names */
  readonly name?: string | undefined
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly page: number
  readonly page_count: number
  readonly page_size: number
  /** How many entries of the list match. */
  readonly filtered_count: number
  /** How many entries the list has. */
  readonly total_count: number
}

/** Returns the query of a page. */
export function pageQuery({ page = 1, pageSize = 100, name = '' }: PageOptions): string {
  const query = new URLSearchParams({ page: String(page), page_size: String(pageSize), name, use_regex: 'true' })
  return `?${query}`
}
