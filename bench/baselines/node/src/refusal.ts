// Refusals and their responses.

interface Issue {
  path: PropertyKey[];
  code: string;
  message: string;
}

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
    readonly issues?: Issue[],
  ) {
    super(message);
  }

  static invalid(found: Issue[]): Refusal {
    const issues = found.map(({ path, code, message }) => ({ path, code, message }));
    return new Refusal(400, 'VALIDATION_ERROR', 'The request is invalid', {}, issues);
  }

  response(): Response {
    const { code, message, issues } = this;
    const field = issues?.[0]?.path.join('.');
    const headers = { ...this.headers, 'content-type': 'application/json' };
    return new Response(JSON.stringify({ error: { code, message, field, issues } }), { status: this.status, headers });
  }
}
