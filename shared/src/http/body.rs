//! Reading the members of a body.

use serde_json::{Map, Value};

use crate::error::Faults;

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// How much of a member's name a pointer repeats, in characters.
const MAX_NAME_CHARS: usize = 80;

/// The JSON pointer of a member. A very long name is cut off.
pub fn pointer(parent: &str, name: &str) -> String {
    let name: String = name.chars().take(MAX_NAME_CHARS).collect();
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A JSON object being read, member by member. Whatever is wrong goes to the [`Faults`].
#[derive(Debug)]
pub struct Object {
    pointer: String,
    members: Map<String, Value>,
}

impl Object {
    /// The object of a whole body.
    pub fn body(value: Value, faults: &mut Faults) -> Self {
        Self::new(String::new(), value, faults)
    }

    /// The object at a place in a body.
    pub fn new(pointer: String, value: Value, faults: &mut Faults) -> Self {
        let Value::Object(members) = value else {
            faults.body(pointer.clone(), "must be an object");
            return Self { pointer, members: Map::new() };
        };
        Self { pointer, members }
    }

    /// The pointer of one of its members.
    pub fn pointer(&self, name: &str) -> String {
        pointer(&self.pointer, name)
    }

    /// Takes a member, whatever it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// Takes a member that is an object; null and absence are `None`, and so is what is none, which is faulted.
    pub fn object(&mut self, name: &str, faults: &mut Faults) -> Option<Self> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        let is_object = value.is_object();
        Some(Self::new(self.pointer(name), value, faults)).filter(|_| is_object)
    }

    /// Takes a member that is a text. `None` is absent, `Some(None)` is null.
    pub fn text(&mut self, name: &str, faults: &mut Faults) -> Option<Option<String>> {
        match self.take(name)? {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                faults.body(self.pointer(name), "must be a string");
                None
            }
        }
    }

    /// Takes a text that must be there.
    pub fn required_text(&mut self, name: &str, faults: &mut Faults) -> Option<String> {
        let present = self.members.get(name).is_some_and(|value| !value.is_null());
        if !present {
            faults.body(self.pointer(name), "is required");
        }
        self.text(name, faults).flatten()
    }

    /// The members that were not taken.
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// The members that were not taken, each with its pointer.
    pub fn into_located_members(self) -> impl Iterator<Item = (String, String, Value)> {
        let parent = self.pointer;
        self.members.into_iter().map(move |(name, value)| (pointer(&parent, &name), name, value))
    }

    /// Faults the members that were not taken: nobody would read them.
    pub fn finish(self, known: &[&str], faults: &mut Faults) {
        for name in self.members.keys() {
            faults.body(
                self.pointer(name),
                format!("is not known here; known are: {}", known.join(", ")),
            );
        }
    }
}
