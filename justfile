# Index of commands: `just` lists them. Each recipe only runs commands that the docs name; just itself is optional.
# Arguments go on to the command: `just token --user alice --org acme`.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Run the service on this machine
run *args:
    cargo run -p local -- "$@"

# Print a token for the local stack
token *args:
    cargo run -q -p local -- token "$@"

# Run one function on the event of its example
invoke *args:
    cargo run -p local -- invoke "$@"

# Check formatting and lints, and run the unit tests of the platform
quick:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test -p shared --lib

# Run all tests
test *args:
    cargo test "$@"

# Run every check that a change must pass
ci:
    .ci/run

# Add a route: just new get-note GET '/v1/notes/{noteId}'
new *args:
    cargo run -p local -- new "$@"

# Remove functions with their routes
remove *args:
    cargo run -p local -- remove "$@"

# Update the API description and the lists of routes
describe *args:
    cargo run -p local -- describe "$@"

# Run a load test against a local stack of its own
loadtest *args:
    cargo run -p local -- loadtest "$@"

# Run the benchmark
bench *args:
    cargo run --profile bench -p bench -- "$@"

# Fuzz for some minutes a target: just fuzz 10 token upload
fuzz *args:
    shared/fuzz/run "$@"

# Check the template for each environment
check-template:
    scripts/check-template

# Rehearse a deployment, without an AWS account
rehearse *args:
    scripts/rehearse "$@"

# Test a running service: just smoke BASE_URL TOKEN
smoke *args:
    scripts/smoke "$@"
