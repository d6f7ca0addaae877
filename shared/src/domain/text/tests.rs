//! Folding by Unicode's tables, and the identity of names.

use proptest::prelude::*;

use super::*;

#[test]
fn characters_fold_by_unicode_tables() {
    for (letter, form) in [
        ('A', "a"),
        ('İ', "i\u{307}"),
        ('ß', "ss"),
        ('ẞ', "ss"),
        ('ſ', "s"),
        ('ς', "σ"),
        ('\u{345}', "ι"),
        ('ᾳ', "αι"),
        ('\u{1fc3}', "ηι"),
        ('ŉ', "\u{2bc}n"),
        ('ﬃ', "ffi"),
        ('ﬅ', "st"),
        ('K', "k"),
        ('Å', "å"),
        ('℡', "tel"),
        ('㎏', "kg"),
        ('㏂', "a.m."),
        ('Ａ', "a"),
        ('ｶ', "カ"),
        ('ﾞ', "\u{3099}"),
        ('２', "2"),
        ('²', "2"),
        ('½', "1\u{2044}2"),
        ('Ⅷ', "viii"),
        ('𝔄', "a"),
        ('𝟘', "0"),
        ('🅰', "🅰"),
        ('🄰', "a"),
        ('\u{3000}', " "),
        ('\u{a0}', " "),
        ('한', "한"),
        ('ﷺ', "صلى الله عليه وسلم"),
        ('Ꭰ', "Ꭰ"),
        ('ꭰ', "Ꭰ"),
        ('\u{2f868}', "㛼"),
        ('\u{ad}', ""),
        ('\u{34f}', ""),
        ('\u{3164}', ""),
        ('\u{ffa0}', ""),
        ('\u{fe0f}', ""),
        ('\u{e0041}', ""),
    ] {
        assert_eq!(nfkc_casefold(&letter.to_string()), form, "{letter} U+{:04X}", u32::from(letter));
    }
}

#[test]
fn texts_fold_by_character() {
    for (text, form) in [
        ("α\u{345}\u{301}", "άι"),
        ("A\u{200d}\u{30a}", "å"),
        ("ｶﾞ", "ガ"),
        ("\u{1100}\u{1161}\u{11a8}", "각"),
        ("\u{1100}\u{34f}\u{1161}", "가"),
        ("", ""),
    ] {
        assert_eq!(nfkc_casefold(text), form, "{text:?}");
    }
}

#[test]
fn folding_is_idempotent() {
    for letter in '\0'..=char::MAX {
        let form = nfkc_casefold(&letter.to_string());
        assert_eq!(nfkc_casefold(&form), form, "U+{:04X}", u32::from(letter));
    }
}

#[test]
fn invisible_text_is_not_visible() {
    for text in
        ["", " ", "\u{200b}", "\u{ad}\u{feff}", "\u{3164}\u{ffa0}", "\u{2800}", "\u{1}\u{2028}", "\u{e0020}"]
    {
        assert!(!is_visible(text), "{text:?}");
    }
    for text in ["a", " . ", "\u{200b}é", "🚀", "\u{301}", "한"] {
        assert!(is_visible(text), "{text:?}");
    }
}

#[test]
fn different_forms_are_the_same_name() {
    for (one, other) in [
        ("Apollo", "aPOLLO"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("Caf\u{e9}", "CAFE\u{301}"),
        ("\u{1e9e}", "ss"),
        ("\u{212b}ngstrom", "ångstrom"),
        ("Ａｐｏｌｌｏ１１", "apollo11"),
        ("ｱﾎﾟﾛ", "アポロ"),
        ("o\u{fb03}ce", "OFFICE"),
        ("Apo\u{ad}llo\u{200b}", "apollo"),
        ("\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{1f4bb}"),
        ("Apollo\u{3164}", "apollo"),
    ] {
        assert_eq!(name_key(one), name_key(other), "{one} {other}");
    }
}

#[test]
fn invisible_characters_do_not_change_a_name() {
    for unseen in ["\u{a0}\u{ad}", " \u{200b}", "\u{2800}", "\u{fff9}", "\0", "\u{7}", "\u{3164} "] {
        assert_eq!(name_key(&format!("Apollo{unseen}")), name_key("Apollo"), "{unseen:?}");
        assert_eq!(name_key(&format!("{unseen}Apollo")), name_key("Apollo"), "{unseen:?}");
    }
    assert_eq!(name_key("Apo\u{7}l\u{2800}lo"), name_key("Apollo"));
}

#[test]
fn other_differences_make_different_names() {
    for (one, other) in [("Apollo", "Apollo 2"), ("cafe", "café"), ("a b", "ab"), ("1", "l"), ("ı", "i")] {
        assert_ne!(name_key(one), name_key(other), "{one} {other}");
    }
}

proptest! {
    #[test]
    fn folded_name_is_the_same_name(name in "\\PC{1,100}") {
        prop_assert_eq!(name_key(&name), name_key(&nfkc_casefold(&name)));
    }

    #[test]
    fn ascii_case_never_matters(name in "[ -~]{1,100}") {
        prop_assert_eq!(name_key(&name.to_ascii_uppercase()), name_key(&name.to_ascii_lowercase()));
    }
}
