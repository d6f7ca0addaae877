"""Commit that the description is compared with, in repositories of a few commits. Run by scripts/check-openapi."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
# A hook of git names its repository.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAPI_", "GIT_"))}
ENVIRONMENT = {**CLEAN, "GIT_CONFIG_GLOBAL": os.devnull}


def run(command, folder, **variables):
    return subprocess.run(command, cwd=folder, env={**ENVIRONMENT, **variables}, stdout=subprocess.PIPE, text=True)


def base(folder, **variables):
    """Returns the printed commit, or `None` if there is none."""
    done = run([FOLDER / "base"], folder, **variables)
    return done.stdout.strip() if done.returncode == 0 else None


class Base(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commits = [self.commit() for _ in range(3)]

    def git(self, *arguments):
        done = run(["git", *IDENTITY, *arguments], self.folder)
        done.check_returncode()
        return done.stdout.strip()

    def commit(self):
        self.git("commit", "--quiet", "--allow-empty", "--message", "Changes nothing")
        return self.git("rev-parse", "HEAD")

    def test_push_is_compared_with_the_commit_before(self):
        self.assertEqual(base(self.folder, OPENAPI_BASE=self.commits[0]), self.commits[0])

    def test_first_or_forced_push_has_the_parent(self):
        for missing in ("", "0" * 40, "1" * 40):
            self.assertEqual(base(self.folder, OPENAPI_BASE=missing), self.commits[1])

    def test_branch_is_compared_with_where_it_began(self):
        self.git("switch", "--quiet", "--create", "branch")
        self.commit()
        self.commit()
        self.assertEqual(base(self.folder), self.commits[2])

    def test_one_commit_has_none(self):
        self.git("checkout", "--quiet", "--orphan", "other")
        self.commit()
        self.git("branch", "--quiet", "--delete", "--force", "main")
        self.assertIsNone(base(self.folder))

    def test_copy_below_a_repository_has_none(self):
        copy = Path(self.folder, "copy")
        copy.mkdir()
        self.assertIsNone(base(copy, OPENAPI_BASE=self.commits[0]))

    def test_workflow_has_the_commit_before(self):
        workflow = (FOLDER / "../../.github/workflows/check.yml").read_text("utf-8")
        self.assertIn("fetch-depth: 0\n", workflow)
        self.assertIn("OPENAPI_BASE: ${{ github.event_name == 'push' && github.event.before || '' }}\n", workflow)


if __name__ == "__main__":
    unittest.main()
