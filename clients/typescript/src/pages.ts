// Lists of several pages, as one sequence.

/** Page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor to the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/**
 * Yields the items of all pages. The next page is read when its first item is asked for. An error ends the sequence, as
 * in every generator: a list with a "More" button reads its pages by their cursors.
 */
export async function* allPages<T>(read: (cursor?: string) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let page = await read();
  yield* page.items;
  while (page.nextCursor !== null) {
    page = await read(page.nextCursor);
    yield* page.items;
  }
}
