/** A part of a list to ask for. */
export interface PageOptions {
  /** The number of the page, from 1. @defaultValue 1 */
  readonly page?: number | undefined
  /** Entries of a page, from 1 to 500. @defaultValue 100 */
  readonly pageSize?: number | undefined
  /** A regular expression that the names match somewhere. @defaultValue all names */
  readonly name?: string | undefined
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly page: number
  readonly page_count: number
  readonly page_size: number
  /** Entries of the list that match. */
  readonly filtered_count: number
  /** Entries of the list. */
  readonly total_count: number
}

/** The query that asks for a page. */
export function pageQuery({ page = 1, pageSize = 100, name = '' }: PageOptions): string {
  const query = new URLSearchParams({ page: String(page), page_size: String(pageSize), name, use_regex: 'true' })
  return `?${query}`
}
