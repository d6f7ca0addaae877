//! Access by memberships in a table, independent of the token.

use shared::domain::{Caller, Error, OrgId, OrgScope};
use shared::edge::{Access, OrgMember, Request, Result};

use super::notes::Notes;

/// Access rule: members of the organization in the path, according to the table.
pub(crate) struct InTable;

impl Access<Notes> for InTable {
    type Identity = Caller;
    type Granted = OrgMember;

    const PARAMETERS: &'static [&'static str] = &["orgId"];

    async fn authorize(&self, caller: &Caller, request: &Request, store: &Notes) -> Result<OrgMember> {
        const REFUSED: Error = Error::Forbidden("You are not a member of this organization");
        let organization: OrgId = request.path("orgId").parse().map_err(|_| REFUSED)?;
        if !store.has_member(&caller.own_scope(), &organization).await? {
            return Err(REFUSED.into());
        }
        #[expect(clippy::disallowed_methods, reason = "the table has the membership")]
        let scope = OrgScope::vouch(caller.user().clone(), organization, Vec::new());
        if caller.user().as_str() == "writer" {
            // No rule may do that.
            store.put_motto(&scope, "a member was here").await?;
        }
        Ok(OrgMember::new(scope))
    }
}
